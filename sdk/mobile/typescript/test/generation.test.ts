import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";

import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createConnectTransport } from "@connectrpc/connect-web";

import {
  GenerationEventSchema,
  GenerationService,
  GenerationState,
  type GenerationEvent,
} from "../gen/tripgen/ai/v1/generation_pb.js";
import { watchGeneration } from "../src/index.js";

const generationId = "gen_018f0000-0000-7000-8000-000000000001";

const script: GenerationEvent[] = [
  create(GenerationEventSchema, { sequence: 1n, event: { case: "progress", value: { percent: 10 } } }),
  create(GenerationEventSchema, { sequence: 2n, event: { case: "dayReady", value: { day: { number: 1 } } } }),
  create(GenerationEventSchema, {
    sequence: 3n,
    event: { case: "finished", value: { state: GenerationState.READY, itineraryVersion: 7n } },
  }),
];

const servers: Server[] = [];
after(() => servers.forEach((server) => server.close()));

/** A client of a server whose streams are cut after some events, or refused. */
async function serve(options: { perStream?: number; refuse?: boolean; fetch?: typeof fetch }) {
  let polls = 0;
  const routes = (router: ConnectRouter) =>
    router.service(GenerationService, {
      async *watchGeneration(request: { afterSequence: bigint }, _context: HandlerContext) {
        let sent = 0;
        for (const event of script.slice(Number(request.afterSequence))) {
          if (options.refuse === true || sent++ === options.perStream) {
            throw new ConnectError("cut", Code.Unavailable);
          }
          yield { event };
        }
      },
      getGeneration() {
        polls++;
        return {
          generation: {
            id: generationId,
            state: polls < 3 ? GenerationState.RUNNING : GenerationState.READY,
            progress: { percent: polls * 30 },
            itineraryVersion: 7n,
            lastSequence: 3n,
            pollAfter: { seconds: 0n, nanos: 1_000_000 },
          },
        };
      },
    });
  const server = createServer(connectNodeAdapter({ routes }));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const transport = createConnectTransport({
    baseUrl: `http://127.0.0.1:${port}`,
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
  return createClient(GenerationService, transport);
}

for (const perStream of [1, 2, 99]) {
  test(`events come once and in order when streams are cut after ${perStream}`, async () => {
    const sequences: bigint[] = [];
    for await (const { event, polled } of watchGeneration(await serve({ perStream }), generationId)) {
      assert.equal(polled, false);
      sequences.push(event.sequence);
    }
    assert.deepEqual(sequences, [1n, 2n, 3n]);
  });
}

async function kindsPolled(client: Awaited<ReturnType<typeof serve>>): Promise<string[]> {
  const kinds: string[] = [];
  for await (const { event, polled } of watchGeneration(client, generationId)) {
    assert.equal(polled, true);
    kinds.push(event.event.case ?? "");
  }
  return kinds;
}

test("polls where no stream gets through", async () => {
  assert.deepEqual(await kindsPolled(await serve({ refuse: true })), ["progress", "progress", "finished"]);
});

test("polls where fetch has no body to stream, as in older React Native", async () => {
  const bodiless: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!(response.headers.get("content-type") ?? "").startsWith("application/connect+")) {
      return response;
    }
    await response.body?.cancel();
    return new Proxy(response, { get: (target, key) => (key === "body" ? null : Reflect.get(target, key, target)) });
  };
  assert.deepEqual(await kindsPolled(await serve({ fetch: bodiless })), ["progress", "progress", "finished"]);
});

test("ends with the signal", async () => {
  const client = await serve({ refuse: true });
  const watch = watchGeneration(client, generationId, { signal: AbortSignal.abort(new Error("enough")) });
  await assert.rejects(watch.next(), /enough/);
});
