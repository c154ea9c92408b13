import { UserError } from "../../../../lib/errors";
import { NomadClient, nomadConnection } from "../../../../lib/nomad";
import { NomadExecutor, NomadStore, WarmPoolManager, type Provider } from "../../../../lib/pools";

/** Nobody answers there: what is refused is refused before anything is asked. */
const connection = nomadConnection({}, "http://127.0.0.1:9");

describe.each(["mistral", "", "OpenAI", "__proto__", "toString", "openai\n", "../openai", "x".repeat(1 << 20)])(
  "a provider that is not known (%#)",
  (name) => {
    // As a program without types, or a request, has it.
    const provider = name as Provider;
    const nomad = new NomadClient(connection);
    const manager = new WarmPoolManager({
      nomad,
      store: new NomadStore(connection),
      executor: new NomadExecutor(nomad),
    });
    afterAll(() => nomad.close());

    test.each([
      ["initializePool", () => manager.initializePool(provider)],
      ["createWarmContainer", () => manager.createWarmContainer(provider)],
      ["allocateContainer", () => manager.allocateContainer(provider, "user")],
      ["replenishPool", () => manager.replenishPool(provider)],
      ["drainPool", () => manager.drainPool(provider)],
      ["updatePoolSize", () => manager.updatePoolSize(provider, 1)],
    ])("is refused by %s, in words of bounded length", async (_, ask) => {
      const error = await ask().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(UserError);
      expect((error as Error).message).toContain("write one of openai, anthropic, google");
      expect((error as Error).message.length).toBeLessThan(3000);
    });
  },
);
