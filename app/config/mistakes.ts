import { pathText, type Mistake } from '../../src/migration/mistakes.js';
import type { configShape } from './schema.js';

type Issue = NonNullable<ReturnType<typeof configShape.safeParse>['error']>['issues'][number];

/** What is wrong with a document, by paths in it; never with a value of it. */
export function mistakesOf(issue: Issue, under: readonly PropertyKey[] = []): Mistake[] {
  const path = [...under, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: pathText([...path, key]),
      expected: 'is not a key of ferry.yaml',
    }));
  // What is an object was meant as one, so its own mistakes say more than "expected true, or an object".
  const meant =
    issue.code === 'invalid_union'
      ? issue.errors.find(([first]) => first?.path.length !== 0 || first.code !== 'invalid_type')
      : undefined;
  return meant
    ? meant.flatMap((inner) => mistakesOf(inner, path))
    : [{ path: pathText(path), expected: issue.message }];
}
