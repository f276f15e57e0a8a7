/** Where the access journal stands: a chain for each session key, so that no two processes want the same place. */

/** An entry of the access journal. */
export const ACCESS_RECORDED = 'access.recorded';
const ACCESS_CHAIN = /^access\/[0-9a-f]{16}$/;

/** @param sessionKey `keys/<key id>` */
export function accessChain(sessionKey: string): string {
  return sessionKey.replace(/^keys/, 'access');
}

export function isAccessChain(entityId: string): boolean {
  return ACCESS_CHAIN.test(entityId);
}
