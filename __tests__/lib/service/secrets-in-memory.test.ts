import { SecretsInMemory } from "../../../lib/service/secrets-in-memory";

let time = 0;
const made = (most = 10, ofOne = { whose: (value: string) => value, most: 10 }) =>
  new SecretsInMemory<string>({ lifetime: 1000, most, ofOne, now: () => time });

beforeEach(() => {
  time = 0;
});

test("a secret stands for its time, and no other text is one", () => {
  const secrets = made();
  const [one, other] = [secrets.give("one"), secrets.give("other")];
  expect(one).not.toBe(other);
  expect([secrets.find(one), secrets.find(other), secrets.find(""), secrets.find("one")]).toEqual([
    "one",
    "other",
    undefined,
    undefined,
  ]);
  time = 999;
  expect(secrets.find(one)).toBe("one");
  time = 1000;
  expect(secrets.find(one)).toBeUndefined();
  expect(secrets.take(one)).toBeUndefined();
});

test("a secret that was taken is of no use any more", () => {
  const secrets = made();
  const secret = secrets.give("one");
  expect([secrets.take(secret), secrets.take(secret), secrets.find(secret)]).toEqual(["one", undefined, undefined]);
});

test("there are no more than the most: the oldest ends for a new one", () => {
  const secrets = made(2);
  const [first, second, third] = [secrets.give("1"), secrets.give("2"), secrets.give("3")];
  expect([first, second, third].map((secret) => secrets.find(secret ?? ""))).toEqual([undefined, "2", "3"]);
});

test("whoever has very many ends their own oldest, and none of somebody else's", () => {
  const secrets = made(10, { whose: (value) => value.slice(0, 3), most: 2 });
  const bob = secrets.give("bob");
  const ann = Array.from({ length: 30 }, (_, index) => secrets.give(`ann ${index}`));
  expect(secrets.find(bob)).toBe("bob");
  expect(ann.map((secret) => secrets.find(secret)).filter((value) => value !== undefined)).toEqual([
    "ann 28",
    "ann 29",
  ]);
});
