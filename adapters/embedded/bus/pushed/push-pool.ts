/**
 * How many pushed deliveries are on their way in one process. When all places are taken, who has none of them gets one more, so
 * that receivers that hang keep nobody else from being delivered to.
 */
const MAX_OPEN = 512;

export class PushPool {
  private open = 0;

  /** @param hasOne whether the subscription has a delivery on its way already. @returns false: wait until one of its own ends */
  enter(hasOne: boolean): boolean {
    if (hasOne && this.open >= MAX_OPEN) return false;
    this.open += 1;
    return true;
  }

  leave(): void {
    this.open -= 1;
  }
}
