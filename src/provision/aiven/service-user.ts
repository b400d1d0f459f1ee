/**
 * Who a certificate of Aiven's makes its bearer: the service user is the common name of the subject, which ordinary brokers
 * would take whole (`User:CN=ferry,OU=…`).
 */
export function serviceUser(principal: string): string {
  const [, name] = /^User:(?:.*,)?CN=([^,]+)/.exec(principal) ?? [];
  return name === undefined ? principal : `User:${name}`;
}

/** What Aiven takes in an ACL for the name of a service user, or for a pattern of such names; no other can be one. */
const sayable = /^User:[-._*?A-Za-z0-9]{1,64}$/;

export const isServiceUser = (principal: string): boolean => sayable.test(principal);
