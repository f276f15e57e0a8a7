/**
 * Per-entity order: while an event of an entity is out, about to go out, or being retried, later ones of that entity wait
 * here. A subscription without order uses the same calls and nothing ever waits.
 */
import { countOf } from '../../../core/values/index.ts';
import type { Arrival } from './event-log.ts';

export class EntityOrder {
  private readonly ordered: boolean;
  /** events per entity that are out, released or being retried */
  private readonly busy = new Map<string, number>();
  private readonly held = new Map<string, Arrival[]>();
  private readonly released: Arrival[] = [];

  constructor(ordered: boolean) {
    this.ordered = ordered;
  }

  /** The event may go out now (and its entity is busy), or it is kept until its turn. */
  admit(arrival: Arrival): boolean {
    const { entityId } = arrival.event;
    if (!this.ordered || !this.busy.has(entityId)) {
      this.hold(entityId);
      return true;
    }
    const waiting = this.held.get(entityId);
    if (waiting === undefined) this.held.set(entityId, [arrival]);
    else waiting.push(arrival);
    return false;
  }

  /** One more event of the entity is out or being retried. */
  hold(entity: string): void {
    if (this.ordered) this.busy.set(entity, countOf(this.busy, entity) + 1);
  }

  /** An event of the entity is settled. @returns true when another one was released by that */
  release(entity: string): boolean {
    if (!this.ordered) return false;
    const left = countOf(this.busy, entity) - 1;
    if (left > 0) {
      this.busy.set(entity, left);
      return false;
    }
    const next = this.held.get(entity)?.shift();
    if (this.held.get(entity)?.length === 0) this.held.delete(entity);
    if (next === undefined) {
      this.busy.delete(entity);
      return false;
    }
    this.released.push(next); // its entity stays busy on its behalf
    return true;
  }

  /** What waits for its turn, whose turn it is now or not. */
  takeWaiting(): Arrival[] {
    const waiting = [...this.released.splice(0), ...[...this.held.values()].flat()];
    this.held.clear();
    return waiting;
  }

  takeReleased(): Arrival[] {
    return this.released.splice(0);
  }
}
