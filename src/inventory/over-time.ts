import { globbed } from '../migration/glob.js';
import { unpackSeen } from '../migration/packed-survey.js';
import { everyMs } from '../migration/survey.js';
import type { SurveyAnswer } from '../migration/survey-state.js';
import type { Seen, SeenGroup, SeenTopic } from '../migration/survey-seen.js';
import { mayLackGroups } from './hidden.js';
import type { Inventory, ScannedGroup, ScannedTopic } from './inventory.js';
import type { Known } from './known.js';
import { kindOf, streamsGroupsOf } from './recognised.js';

/**
 * An inventory with what a survey of the same cluster has seen over time. Groups that have left are among its groups again:
 * what they read hangs together all the same.
 */
export function withSurvey(inventory: Inventory, answer: SurveyAnswer): Inventory {
  const seen = unpackSeen(answer.seen);
  const { survey, startedAt, missed, unseen, outcome } = answer;
  const wanted = globbed(inventory.glob);
  const here = new Set(inventory.topics.map(({ name }) => name));
  const unseenNow = new Set(inventory.unseen.map(({ topic }) => topic));
  const streams = streamsGroupsOf(
    [...here],
    [...(inventory.groups.value ?? []).map(({ group }) => group), ...seen.groups.keys()],
  );
  const groupsNow = inventory.groups.value && new Set(inventory.groups.value.map(({ group }) => group));
  return {
    ...inventory,
    topics: inventory.topics.map((topic) => ({
      ...topic,
      overTime: knownOf(seen, 'topics', topic.name, topicOverTime, answer),
    })),
    groups:
      groupsNow === undefined
        ? inventory.groups
        : {
            value: [
              ...(inventory.groups.value ?? []).map((group) => ({
                ...group,
                overTime: knownOf(seen, 'groups', group.group, groupOverTime, answer),
              })),
              ...[...seen.groups]
                .filter(([name]) => !groupsNow.has(name))
                .map(([name, group]) =>
                  groupNotListed(name, group, here, streams, mayLackGroups(inventory.hidden)),
                ),
            ].sort((a, b) => (a.group < b.group ? -1 : 1)),
          },
    survey: {
      from: startedAt,
      until: seen.lastLook === 0 ? null : iso(seen.lastLook),
      everySeconds: everyMs(survey) / 1_000,
      running: outcome === null,
      looks: seen.looks,
      missed,
      unseen: unseen.map(({ at, why, times }) => ({ at, why, times })),
      left: seen.left,
      gone: [...seen.topics]
        .filter(([name]) => wanted.test(name) && !here.has(name) && !unseenNow.has(name))
        .map(([topic, { firstSeen, lastSeen }]) => ({ topic, firstSeen, lastSeen })),
    },
  };
}

function knownOf<What extends 'topics' | 'groups', T>(
  seen: Seen,
  what: What,
  name: string,
  told: (one: NonNullable<ReturnType<Seen[What]['get']>>) => T,
  { survey }: SurveyAnswer,
): Known<T> {
  const one = seen[what].get(name) as NonNullable<ReturnType<Seen[What]['get']>> | undefined;
  if (one) return { value: told(one) };
  if (seen.looks === 0) return { unknown: 'the survey has not seen the cluster yet' };
  if (what === 'topics' && survey.topics !== undefined && !globbed(survey.topics).test(name))
    return { unknown: `the survey looks at topics ${survey.topics} alone` };
  return {
    unknown:
      seen.left[what] > 0
        ? `the survey has no room for it, or has not seen it yet: it keeps the first ${seen[what].size} ${what}`
        : 'it was not there at any look of the survey',
  };
}

function topicOverTime(topic: SeenTopic): NonNullable<NonNullable<ScannedTopic['overTime']>['value']> {
  const { firstSeen, lastSeen, compared, firstWritten, lastWritten, written, peak, producers } = topic;
  return {
    firstSeen,
    lastSeen,
    written:
      compared === 0
        ? { unknown: 'no two looks have seen its end' }
        : {
            value: {
              first: firstWritten ?? null,
              last: lastWritten ?? null,
              records: Number(written),
              peak,
            },
          },
    producers: producers
      ? {
          value: producers.map(({ id, lastWrote, transactional }) => ({
            id: String(id),
            lastWrote,
            transactional,
          })),
        }
      : { unknown: 'no look has seen who writes to it' },
    writers: topic.writers,
  };
}

function groupOverTime(group: SeenGroup): NonNullable<NonNullable<ScannedGroup['overTime']>['value']> {
  const { firstSeen, lastSeen, compared, firstMoved, lastMoved, members, lastMembers, lagLeast, lagMost } =
    group;
  return {
    firstSeen,
    lastSeen,
    moved:
      compared === 0
        ? { unknown: 'no two looks have seen its commits' }
        : { value: { first: firstMoved ?? null, last: lastMoved ?? null } },
    lastMembers:
      lastMembers === undefined && members === undefined
        ? { unknown: 'no look has seen its members' }
        : { value: lastMembers ?? null },
    lag:
      lagLeast === undefined || lagMost === undefined
        ? { unknown: 'no look has seen how far it is behind' }
        : { value: { least: Number(lagLeast), most: Number(lagMost) } },
  };
}

/** @param hidden not all groups may be listed: one that is not may have left, or be there all the same */
function groupNotListed(
  name: string,
  group: SeenGroup,
  topics: ReadonlySet<string>,
  streams: ReadonlySet<string>,
  hidden: boolean,
): ScannedGroup {
  const left = hidden
    ? 'the group is not listed at this look: it has left, or the ferry may not describe it any more'
    : 'the group had left before this look';
  const now = <T>(value: T): Known<T> => (hidden ? { unknown: left } : { value });
  return {
    group: name,
    protocol: 'unknown',
    state: hidden ? 'unknown' : 'dead',
    kind: kindOf({ group: name, protocol: 'unknown', state: 'dead' }, [], streams),
    members: now([]),
    committed: group.reads
      ? {
          value: group.reads
            .filter((topic) => topics.has(topic))
            .map((topic) => ({ topic, lag: { unknown: left } })),
        }
      : { unknown: `what it read was not seen: ${left}` },
    moved: now(false),
    lastMoved: group.lastMoved === undefined ? { unknown: left } : { value: group.lastMoved },
    movesWithoutMembers: { unknown: left },
    overTime: { value: groupOverTime(group) },
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
