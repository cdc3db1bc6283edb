/** The origin of a page or its worker; Node has none. */
export const { origin: pageOrigin } = globalThis as { origin?: string };

/**
 * Whether a request for an address is same-origin; everything is in Node. Also one that is only a path, as Next makes of
 * `new URL('./file', import.meta.url).href`.
 */
export function isOwnOrigin(address: string): boolean {
  return (
    pageOrigin === undefined ||
    !/^(https?:)?\/\//.test(address) ||
    new URL(address, location.href).origin === pageOrigin
  );
}
