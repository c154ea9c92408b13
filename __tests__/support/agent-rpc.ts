import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

// What Nomad's and Consul's servers say to each other, in as much as whoever is no server may send it.

/** A value of MessagePack, of those kinds that requests are made of. https://github.com/msgpack/msgpack/blob/master/spec.md */
type Packed = string | number | boolean | null | { readonly [field: string]: Packed };

/** How a server is spoken to: in the clear, or by TLS without a certificate of the cluster's. */
export type Wire = "plain" | "tls";

/** What a call came to. */
export interface RpcAnswer {
  /** Whether the server read it and said something to it. */
  readonly answered: boolean;
  /** All that it said, with what is no text as it came. */
  readonly text: string;
}

/** The first byte of a connection, by which a server tells what follows. */
const FIRST = { nomad: 0x01, consul: 0x00 } as const;
const TLS_FOLLOWS = { nomad: 0x04, consul: 0x03 } as const;

/**
 * Calls a method of an agent's RPC port without being one of its cluster.
 *
 * @param silence how long it may say nothing, in milliseconds
 */
export async function callRpc(
  program: "nomad" | "consul",
  port: number,
  { method, body, wire = "plain" }: { method: string; body: { readonly [field: string]: Packed }; wire?: Wire },
  silence = 3000,
): Promise<RpcAnswer> {
  const call = Buffer.concat([Buffer.from([FIRST[program]]), packed({ ServiceMethod: method, Seq: 1 }), packed(body)]);
  return new Promise((resolve) => {
    const plain = connect({ host: "127.0.0.1", port });
    const parts: Buffer[] = [];
    const end = () => {
      plain.destroy();
      const text = Buffer.concat(parts).toString("latin1");
      resolve({ answered: text.includes(method), text });
    };
    const speak = (socket: Socket) => {
      socket.on("data", (part: Buffer) => {
        parts.push(part);
        // The method stands in the head of an answer; what was asked for follows at once.
        if (Buffer.concat(parts).includes(method)) setTimeout(end, 200).unref();
      });
      socket.on("error", end);
      socket.on("close", end);
      socket.write(call);
    };
    plain.on("error", end);
    plain.setTimeout(silence, end);
    plain.once("connect", () => {
      if (wire === "plain") return speak(plain);
      plain.write(Buffer.from([TLS_FOLLOWS[program]]));
      const secure = connectTls({ socket: plain, rejectUnauthorized: false }, () => speak(secure));
      secure.on("error", end);
    });
  });
}

/** A value as MessagePack has it. */
export function packed(value: Packed): Buffer {
  if (value === null) return Buffer.from([0xc0]);
  if (typeof value === "boolean") return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === "string") {
    const text = Buffer.from(value);
    const head = Buffer.alloc(3);
    head.writeUInt8(0xda, 0);
    head.writeUInt16BE(text.length, 1);
    return Buffer.concat([head, text]);
  }
  if (typeof value === "number") {
    const number = Buffer.alloc(5);
    number.writeUInt8(0xce, 0);
    number.writeUInt32BE(value, 1);
    return number;
  }
  const fields = Object.entries(value);
  const head = Buffer.alloc(3);
  head.writeUInt8(0xde, 0);
  head.writeUInt16BE(fields.length, 1);
  return Buffer.concat([head, ...fields.flatMap(([name, each]) => [packed(name), packed(each)])]);
}
