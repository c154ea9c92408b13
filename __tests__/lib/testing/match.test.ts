import { difference, Match } from "../../../lib/testing/match";

const JOB = {
  ID: "shop",
  TaskGroups: [
    { Name: "web", Count: 1 },
    { Name: "api", Count: 2, Tasks: [{ Name: "serve", Env: { A: "1", B: "2" } }] },
    { Name: "jobs", Count: 1 },
  ],
};

test.each<[string, unknown]>([
  ["a part of a list", { TaskGroups: Match.arrayWith([{ Name: "api", Count: 2 }]) }],
  ["elements in their order", { TaskGroups: Match.arrayWith([{ Name: "web" }, { Name: "jobs" }]) }],
  [
    "a list within a list",
    { TaskGroups: Match.arrayWith([{ Tasks: [{ Env: { A: Match.stringLikeRegexp(/^\d$/) } }] }]) },
  ],
  ["an object of just these", { TaskGroups: Match.arrayWith([Match.objectEquals({ Name: "web", Count: 1 })]) }],
  ["what is not there", { Periodic: Match.absent(), ID: Match.anyValue(), Type: Match.not("batch") }],
])("%s is found", (_what, expected) => {
  expect(difference(JOB, expected)).toBeUndefined();
});

test.each<[string, unknown, RegExp]>([
  [
    "a whole list",
    { TaskGroups: [{ Name: "web" }] },
    /TaskGroups has 3 elements \(web, api, jobs\), not 1; Match\.arrayWith/,
  ],
  [
    "an element that is none",
    { TaskGroups: Match.arrayWith([{ Name: "db" }]) },
    /no element like .*"db".*TaskGroups\[0\]\.Name is "web"/,
  ],
  ["another order", { TaskGroups: Match.arrayWith([{ Name: "api" }, { Name: "web" }]) }, /no element like .*"web"/],
  [
    "more than these",
    { TaskGroups: Match.arrayWith([Match.objectEquals({ Name: "web" })]) },
    /Count is 1, and should be absent/,
  ],
  ["a text of another form", { ID: Match.stringLikeRegexp("^s.*x$") }, /ID is "shop", not like \/\^s/],
  ["what should not be there", { ID: Match.absent() }, /ID is "shop", and should be absent/],
  ["what is missing", { Type: Match.anyValue() }, /Type is absent/],
  ["what it must not be", { ID: Match.not("shop") }, /ID is "shop", and should not be/],
])("%s is told", (_what, expected, message) => {
  expect(difference(JOB, expected)).toMatch(message);
});
