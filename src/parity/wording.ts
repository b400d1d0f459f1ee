import type { ParityReport } from '../migration/work/parity.js';
import type { Comparison, Progress } from './comparison.js';

/** How far it is, in one line. */
export function sayProgress({
  partitions,
  offsets,
  records,
  differences,
  offsetsPerSecond,
  bytesPerSecond,
  failing,
}: Progress): string {
  if (failing !== undefined) return failing;
  const share = offsets.all === 0 ? 100 : Math.floor((100 * offsets.done) / offsets.all);
  const left = offsets.all - offsets.done;
  return [
    `compared ${number(records)} records, ${share} % of the source (${partitions.done} of ${partitions.all} partitions done)`,
    ...(bytesPerSecond > 0 ? [`${(bytesPerSecond / 1e6).toFixed(1)} MB/s`] : []),
    ...(offsetsPerSecond > 0 && left > 0 ? [`about ${duration(left / offsetsPerSecond)} left`] : []),
    ...(differences > 0
      ? [`${differences} ${differences === 1 ? 'partition differs' : 'partitions differ'} so far`]
      : []),
  ].join(', ');
}

/** What was found, in a sentence or two. */
export function sayResult(
  { records, differences, unverifiable }: ParityReport,
  { differingPartitions, latest, moreUnverifiable, pending }: Comparison['summary'],
): string {
  const ranges = unverifiable.length + moreUnverifiable;
  const [first] = differences;
  const [unsure] = unverifiable;
  return [
    first
      ? `Both clusters differ in ${differingPartitions} ${differingPartitions === 1 ? 'partition' : 'partitions'}: the first is ${first.topic}/${first.partition} at offset ${first.source ?? 'none'} of the source and ${first.target ?? 'none'} of the target (${first.what}).`
      : sayEqual(Number(records), latest, ranges + pending > 0),
    ...(unsure
      ? [
          `${ranges} ${ranges === 1 ? 'range' : 'ranges'} could not be compared: ${unsure.topic}/${unsure.partition} from offset ${unsure.from} to ${unsure.to} (${unsure.why})${ranges > 1 ? ', and more' : ''}.`,
        ]
      : []),
    ...(pending > 0 ? [`${number(pending)} offsets of the source are not copied yet.`] : []),
  ].join(' ');
}

function sayEqual(records: number, latest: number, someLeft: boolean): string {
  const inOrder = records - latest;
  return (
    [
      ...(inOrder > 0 ? [`${number(inOrder)} records are equal on both clusters, in the same order.`] : []),
      ...(latest > 0
        ? [
            `Of ${number(latest)} keys of compacted topics both clusters hold the same latest record; in which order was not compared.`,
          ]
        : []),
    ].join(' ') || (someLeft ? 'No record was compared.' : 'Neither cluster holds a record.')
  );
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
