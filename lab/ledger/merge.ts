/**
 * Merges streams, each in order of time, into one. Members of a group write a journal each; their order is the group's.
 * @returns each entry with the index of its stream.
 */
export async function* mergeByTime<Entry extends { at: number }>(
  streams: readonly AsyncIterable<Entry>[],
): AsyncGenerator<{ entry: Entry; stream: number }> {
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]());
  const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
  for (;;) {
    let earliest = -1;
    let entry: Entry | undefined;
    heads.forEach((head, index) => {
      if (head.done || (entry && head.value.at >= entry.at)) return;
      entry = head.value;
      earliest = index;
    });
    if (!entry) return;
    yield { entry, stream: earliest };
    const next = await iterators[earliest]?.next();
    if (next) heads[earliest] = next;
  }
}
