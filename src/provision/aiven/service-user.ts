/**
 * Who a certificate of Aiven's makes its bearer: the service user is the common name of the subject, which ordinary brokers
 * would take whole (`User:CN=ferry,OU=…`).
 */
export function serviceUser(principal: string): string {
  const [, name] = /^User:(?:.*,)?CN=([^,]+)/.exec(principal) ?? [];
  return name === undefined ? principal : `User:${name}`;
}
