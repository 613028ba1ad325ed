import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type Client } from "@connectrpc/connect";

import {
  GenerationEventSchema,
  GenerationState,
  type Generation,
  type GenerationEvent,
  type GenerationService,
} from "../gen/tripgen/ai/v1/generation_pb.js";

/** An event, and whether it was made from a poll because no stream got through. */
export interface WatchedEvent {
  event: GenerationEvent;
  polled: boolean;
}

/** How to watch. */
export interface WatchOptions {
  /** Only events after this sequence number: where an earlier watch was left. */
  afterSequence?: bigint;
  /** Ends the watch. */
  signal?: AbortSignal;
}

/** Streams in a row that bring nothing before polling starts. */
const streamTries = 2;
const defaultPollMs = 1_000;

/**
 * Yields what happens to a generation, each event once and in order, up to the finished event. A cut stream is
 * resumed after the last event that came; where no stream gets through (older React Native, some proxies), it polls
 * as often as the server likes and keeps trying the stream. Throws what trying again cannot mend.
 */
export async function* watchGeneration(
  client: Client<typeof GenerationService>,
  generationId: string,
  options: WatchOptions = {},
): AsyncGenerator<WatchedEvent, void, undefined> {
  let last = options.afterSequence ?? 0n;
  let percent = 0;
  const callOptions = options.signal === undefined ? {} : { signal: options.signal };
  for (let fruitless = 0; ; ) {
    const before = last;
    try {
      for await (const { event } of client.watchGeneration({ generationId, afterSequence: last }, callOptions)) {
        if (event === undefined || event.sequence <= last) {
          continue; // a heartbeat, or a repeat after a resume
        }
        last = event.sequence;
        if (event.event.case === "progress") {
          percent = Math.max(percent, event.event.value.percent);
        }
        yield { event, polled: false };
        if (event.event.case === "finished") {
          return;
        }
      }
    } catch (error) {
      throwIfFinal(error, options.signal);
    }
    fruitless = last > before ? 0 : fruitless + 1;
    if (fruitless < streamTries) {
      await pause(100 * 2 ** fruitless * Math.random(), options.signal);
      continue;
    }
    let wait = defaultPollMs;
    try {
      const { generation } = await client.getGeneration({ generationId }, callOptions);
      if (generation !== undefined) {
        const event = polledEvent(generation, percent);
        if (event !== undefined) {
          percent = Math.max(percent, generation.progress?.percent ?? 0);
          yield { event, polled: true };
          if (event.event.case === "finished") {
            return;
          }
        }
        wait = milliseconds(generation) ?? defaultPollMs;
      }
    } catch (error) {
      throwIfFinal(error, options.signal);
    }
    await pause(wait, options.signal);
  }
}

/** The event that a poll amounts to: the end, or progress beyond what was told; undefined if nothing is new. */
function polledEvent(generation: Generation, toldPercent: number): GenerationEvent | undefined {
  switch (generation.state) {
    case GenerationState.READY:
    case GenerationState.FAILED:
    case GenerationState.CANCELLED:
      return create(GenerationEventSchema, {
        sequence: generation.lastSequence,
        event: {
          case: "finished",
          value: {
            state: generation.state,
            itineraryVersion: generation.itineraryVersion,
            ...(generation.failure === undefined ? {} : { failure: generation.failure }),
          },
        },
      });
    default:
      if (generation.progress === undefined || generation.progress.percent <= toldPercent) {
        return undefined;
      }
      return create(GenerationEventSchema, {
        sequence: generation.lastSequence,
        event: { case: "progress", value: generation.progress },
      });
  }
}

function milliseconds(generation: Generation): number | undefined {
  const after = generation.pollAfter;
  return after === undefined ? undefined : Number(after.seconds) * 1000 + after.nanos / 1e6;
}

const finalCodes = new Set([Code.NotFound, Code.Unauthenticated, Code.PermissionDenied, Code.InvalidArgument]);

function throwIfFinal(error: unknown, signal: AbortSignal | undefined): void {
  signal?.throwIfAborted();
  const connectError = ConnectError.from(error);
  if (finalCodes.has(connectError.code)) {
    throw connectError;
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
