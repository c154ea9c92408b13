import * as v from "valibot";
import type { Lease, LeaseEnd } from "./lease";

const text = v.string();
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

const slotRecord = v.object({
  slot: text,
  generation: whole,
  state: v.picklist(["free", "held", "ending"]),
  owner: text,
  /** Who renews the lease, or ends the slot; "" for nobody. */
  manager: text,
  /** How long it stands when neither it nor its manager changes, in milliseconds. */
  ttl: v.pipe(v.number(), v.minValue(1)),
  claim: text,
  /** How the lease was over, where it is. */
  over: v.nullish(v.picklist(["released", "expired"]), null),
  /** Different in each write: Consul takes a write of what is there already for a success, whoever wrote it. */
  nonce: text,
});

/** What the store has of a slot. */
export interface SlotRecord extends v.InferOutput<typeof slotRecord> {}

const ticketRecord = v.object({ manager: text, ttl: v.pipe(v.number(), v.minValue(1)), nonce: text });

/** A place in the queue. It stands as long as its manager. */
export interface TicketRecord extends v.InferOutput<typeof ticketRecord> {}

const managerRecord = v.object({
  ttl: v.pipe(v.number(), v.minValue(1)),
  beat: whole,
  /** Up to which index of the store it had seen the pool. */
  seen: v.optional(whole, 0),
  nonce: text,
});

/** A manager that is there: it writes this again and again. */
export interface ManagerRecord extends v.InferOutput<typeof managerRecord> {}

const reading =
  <S extends v.GenericSchema<unknown>>(schema: S) =>
  (value: string): v.InferOutput<S> | undefined => {
    try {
      const result = v.safeParse(schema, JSON.parse(value));
      return result.success ? result.output : undefined;
    } catch {
      return undefined;
    }
  };

/** Reads a value of the store; undefined where somebody else wrote something there. */
export const readSlot = reading(slotRecord);
export const readTicket = reading(ticketRecord);
export const readManager = reading(managerRecord);

/** The lease that a slot's record is of. */
export function leaseOf(pool: string, { slot, owner, generation, ttl, claim }: SlotRecord): Lease {
  return { pool, slot, owner, generation, ttl, claim };
}

/** Why a lease does not stand, by what the store has of its slot; undefined where it stands. */
export function endOf(lease: Lease, record: SlotRecord | undefined): LeaseEnd | undefined {
  if (!record) return "gone";
  if (record.generation !== lease.generation || record.claim !== lease.claim) return "stale";
  if (record.state === "held") return undefined;
  return record.over ?? "stale";
}

/** Sentences for {@link LeaseEnd}. */
export const END_IN_WORDS: Readonly<Record<LeaseEnd, string>> = {
  stale: "it was claimed again since",
  expired: "its manager was not heard of in time",
  released: "it was released",
  gone: "the slot is not there any more",
};
