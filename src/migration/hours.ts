/** Times of the week in a zone, as `mon-thu 09:00-15:00 Europe/Oslo` has them. */
export interface Hours {
  /** Monday is 0. */
  days: number[];
  /** Minutes since midnight, on the clock of the zone; `until` is on the next day where it is not later. */
  from: number;
  until: number;
  zone: string;
}

/** From when until when, ms since the epoch. */
export type Opening = [from: number, until: number];

const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const pattern = /^([a-z,-]+)\s+(\d{2}):(\d{2})-(\d{2}):(\d{2})\s+(\S+)$/;

/** @returns a sentence of what is wrong, where it is no such text */
export function readHours(text: string): Hours | string {
  const match = pattern.exec(text.trim());
  if (!match) return `expected hours such as mon-thu 09:00-15:00 Europe/Oslo, not ${JSON.stringify(text)}`;
  const [, days = '', h1 = '', m1 = '', h2 = '', m2 = '', zone = ''] = match;
  const listed = daysOf(days);
  if (!listed) return `expected days such as mon-thu, mon,wed or daily, not ${days}`;
  const from = minutes(h1, m1);
  const until = minutes(h2, m2);
  if (from === undefined || from === 1_440 || until === undefined)
    return `expected times of the day such as 09:00-15:00, not ${h1}:${m1}-${h2}:${m2}`;
  if (!isZone(zone)) return `expected a time zone such as Europe/Oslo or UTC, not ${zone}`;
  return { days: listed, from, until, zone };
}

function daysOf(text: string): number[] | undefined {
  if (text === 'daily') return [0, 1, 2, 3, 4, 5, 6];
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first = '', last = first, ...more] = part.split('-');
    const [from, to] = [dayNames.indexOf(first), dayNames.indexOf(last)];
    if (from < 0 || to < 0 || more.length > 0) return undefined;
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) break;
    }
  }
  return [...days].sort();
}

function minutes(hours: string, rest: string): number | undefined {
  const all = Number(hours) * 60 + Number(rest);
  return Number(rest) < 60 && all <= 1_440 ? all : undefined;
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const dayMs = 86_400_000;

/** When any of these hours are, from a moment until another, in order and without overlaps. */
export function openings(hours: readonly Hours[], from: number, until: number): Opening[] {
  const all = hours
    .flatMap((one) => openingsOf(one, from, until))
    .filter(([begin, end]) => end > from && begin < until && end > begin)
    .sort(([a], [b]) => a - b);
  const joined: Opening[] = [];
  for (const [begin, end] of all) {
    const last = joined.at(-1);
    if (last && begin <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([begin, end]);
  }
  return joined;
}

function openingsOf({ days, from, until, zone }: Hours, begin: number, end: number): Opening[] {
  const clock = clockOf(zone);
  const found: Opening[] = [];
  for (let at = begin - 2 * dayMs; at <= end + dayMs; at += dayMs) {
    // Midnight in UTC stands for the day of the calendar.
    const local = clock(at);
    const midnight = local - (((local % dayMs) + dayMs) % dayMs);
    const weekday = (new Date(midnight).getUTCDay() + 6) % 7;
    if (!days.includes(weekday)) continue;
    const length = until > from ? until : until + 1_440;
    found.push([instant(clock, midnight + from * 60_000), instant(clock, midnight + length * 60_000)]);
  }
  return found;
}

/** What a clock of a zone shows at a moment, as if it were in UTC, ms. */
function clockOf(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (at) => {
    const parts = Object.fromEntries(
      format.formatToParts(at).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  };
}

/** When the clock shows this; of a time that a clock change leaves out, the moment of the change or shortly after. */
function instant(clock: (at: number) => number, shown: number): number {
  const first = shown - (clock(shown) - shown);
  return shown - (clock(first) - first);
}

/** How long until it is open, ms; 0: now. Undefined: not as far as is known. */
export function opensIn(known: readonly Opening[], now: number): number | undefined {
  const next = known.find(([, until]) => until > now);
  return next && Math.max(0, next[0] - now);
}
