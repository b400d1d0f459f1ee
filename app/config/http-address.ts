import { z } from 'zod';

/**
 * Where something is reached by HTTP. An address stands in sentences, in links and in history, so no login may be in it.
 *
 * @param what with its article, as in "the address of a registry"
 * @param instead where a login is given, for whoever has written one into the address
 */
export const httpAddress = (what: string, example: string, instead = '') =>
  z
    .url({ protocol: /^https?$/, error: `expected ${what}, for example ${example}` })
    .refine(hasNoLogin, { error: `expected no login in the address${instead && `: ${instead}`}` });

/** What is no address at all is told as that. */
const hasNoLogin = (url: string): boolean => {
  if (!URL.canParse(url)) return true;
  const { username, password } = new URL(url);
  return username === '' && password === '';
};
