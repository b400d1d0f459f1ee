import { expect, test } from '@jest/globals';
import { userPattern } from '../../../src/provision/nais/user-pattern.js';

// The vectors of liberator's own tests.
test.each([
  ['myteam', 'myapplication', '*', 'myteam_myapplication_1c62faf5_*'],
  ['otherteam', 'otherapplication', '*', 'otherteam_otherapplication_21a2c9c6_*'],
  ['team-redundant-team', 'team-redundant-team-application', '*', 'redundant-team_application_18515795_*'],
  ['shop', 'orders-web', '*', 'shop_orders-web_847f9e38_*'],
  ['*', 'dashboards', '*', '*_dashboards_*_*'],
  ['myteam', 'no-wildcard', '*', 'myteam_no-wildcard_86f0c73b_*'],
  ['*', '*-aivia', '99', '*_*-aivia_*_99'],
])('%s, %s', (team, application, suffix, pattern) => {
  expect(userPattern({ team, application }, suffix)).toBe(pattern);
});

test('both parts are cut, and no hyphen is left at their ends', () => {
  const team = 'superlong-team-name-that-goes-on';
  const application = 'a-very-long-application-name-that-goes-on';
  expect(userPattern({ team, application })).toMatch(
    /^superlong-team-name_a-very-long-application-name-t_[0-9a-f]{8}_\*$/,
  );
});

test('a team or application that is only its prefix stays', () => {
  expect(userPattern({ team: 'team', application: 'team' })).toMatch(/^team_team_[0-9a-f]{8}_\*$/);
  expect(userPattern({ team: 'teamwork', application: 'teamwork' })).toMatch(/^work_teamwork_/);
});
