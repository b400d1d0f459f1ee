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

const floorDay = (at: number): number => Math.floor(at / dayMs) * dayMs;

function openingsOf({ days, from, until, zone }: Hours, begin: number, end: number): Opening[] {
  const clock = clockOf(zone);
  const found: Opening[] = [];
  // Days of the calendar, each by its midnight in UTC: on the clock of the zone some have 23 hours, and some 25.
  const first = floorDay(clock(begin)) - 2 * dayMs;
  for (let midnight = first; midnight <= clock(end) + dayMs; midnight += dayMs) {
    const weekday = (new Date(midnight).getUTCDay() + 6) % 7;
    if (!days.includes(weekday)) continue;
    const length = until > from ? until : until + 1_440;
    const opens = instant(clock, midnight + from * 60_000);
    // A zone that has moved across the date line has left out a whole day.
    if (floorDay(clock(opens)) !== midnight) continue;
    const closes = instant(clock, midnight + length * 60_000);
    // Left out both, by a clock change: they are as long as ever, and after it.
    found.push([opens, closes > opens ? closes : opens + (length - from) * 60_000]);
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

/**
 * When the clock shows this for the first time; of a time that a clock change leaves out, the moment of the change. Zones
 * are at most 14 hours from UTC, so that a day before and after lie on both sides of a change.
 */
function instant(clock: (at: number) => number, shown: number): number {
  const [before, after] = [shown - dayMs, shown + dayMs].map((at) => shown - (clock(at) - at)) as [
    number,
    number,
  ];
  if (clock(before) === shown) return before;
  if (clock(after) === shown) return after;
  let [early, late] = [after, before];
  while (late - early > 1_000) {
    const middle = Math.floor((early + late) / 2_000) * 1_000;
    if (clock(middle) < shown) early = middle;
    else late = middle;
  }
  return late;
}

/** How long until it is open, ms; 0: now. Undefined: not as far as is known. */
export function opensIn(known: readonly Opening[], now: number): number | undefined {
  const next = known.find(([, until]) => until > now);
  return next && Math.max(0, next[0] - now);
}
