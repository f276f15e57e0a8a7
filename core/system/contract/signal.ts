/**
 * Something that happens, told to whoever listens. It is made before those who tell and those who listen, so that neither
 * side has to wait for the other to be made, and none is filled in afterwards.
 */
export interface Signal<Told = void> {
  /** Tells everybody who listens by now, in the order in which they began to. */
  readonly tell: (told: Told) => void;
  /** @param listener told from now on. Must not throw. */
  readonly listen: (listener: (told: Told) => void) => void;
}

/** @param unheard told what happens while nobody listens; default: it is nobody's business */
export function createSignal<Told = void>(unheard: (told: Told) => void = () => {}): Signal<Told> {
  const listeners: ((told: Told) => void)[] = [];
  return {
    tell: (told) => {
      for (const listener of listeners.length === 0 ? [unheard] : listeners) listener(told);
    },
    listen: (listener) => {
      listeners.push(listener);
    },
  };
}
