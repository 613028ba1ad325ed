// Run through a real gateway (TRIPGEN_URL): a unary call, a stream, a refusal, in the protocol that apps speak.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { Code, ConnectError } from "@connectrpc/connect";

import { GenerationState } from "../gen/tripgen/ai/v1/generation_pb.js";
import { HealthLevel, Preference, TransportMode } from "../gen/tripgen/type/v1/types_pb.js";
import { createTripGen, watchGeneration, type TripGen } from "../src/index.js";

const baseUrl = process.env["TRIPGEN_URL"];
assert.ok(baseUrl, "TRIPGEN_URL names the gateway");

async function loggedIn(): Promise<TripGen> {
  const tripgen = createTripGen({ baseUrl: baseUrl as string, language: "en" });
  const loginId = `ts${randomBytes(6).toString("hex")}`;
  const password = `${randomBytes(9).toString("base64url")}-7a`;
  await tripgen.account.signUp({
    name: "Ada Lovelace",
    email: `${loginId}@traveller.example`,
    phone: "+821012345678",
    loginId,
    password,
    terms: { version: "2026-01-01", accepted: true },
  });
  await tripgen.logIn({
    loginId,
    password,
    clientId: "tripgen-cli",
    redirectUri: "http://127.0.0.1/callback",
    deviceName: "typescript",
  });
  return tripgen;
}

test("a call without a token is refused as unauthenticated", async () => {
  const tripgen = createTripGen({ baseUrl: baseUrl as string });
  await assert.rejects(tripgen.trips.listTrips({}), (error) => ConnectError.from(error).code === Code.Unauthenticated);
  const watch = watchGeneration(tripgen.generations, "gen_018f0000-0000-7000-8000-000000000001");
  await assert.rejects(watch.next(), (error) => ConnectError.from(error).code === Code.Unauthenticated);
});

test("a refusal names the field", async () => {
  const tripgen = await loggedIn();
  await assert.rejects(tripgen.trips.createTrip({ name: "" }), (error) => {
    const refusal = ConnectError.from(error);
    return refusal.code === Code.InvalidArgument && refusal.details.some((d) => "type" in d && d.type === "google.rpc.BadRequest");
  });
});

test("a trip is made, generated and watched to its end", async () => {
  const tripgen = await loggedIn();
  const start = new Date(Date.now() + 7 * 24 * 3600 * 1000);
  const { trip } = await tripgen.trips.createTrip({
    name: "Munich",
    transportMode: TransportMode.PUBLIC_TRANSPORT,
    startDate: { year: start.getFullYear(), month: start.getMonth() + 1, day: start.getDate() },
    members: [{ name: "Ada", age: 36, health: HealthLevel.GOOD, preferences: [Preference.CULTURE] }],
    destinations: [{ name: "Munich", nights: 1 }],
  });
  assert.ok(trip);
  const { generation } = await tripgen.itineraries.generateItinerary({ tripId: trip.id, revision: trip.revision });
  assert.ok(generation);
  let sequence = 0n;
  const daysReady = new Set<number>();
  let state = GenerationState.UNSPECIFIED;
  for await (const { event, polled } of watchGeneration(tripgen.generations, generation.id)) {
    assert.equal(polled, false);
    assert.equal(event.sequence, ++sequence);
    if (event.event.case === "dayReady") {
      daysReady.add(event.event.value.day?.number ?? 0);
    }
    if (event.event.case === "finished") {
      state = event.event.value.state;
    }
  }
  assert.equal(state, GenerationState.READY);
  assert.deepEqual([...daysReady].sort(), [1, 2]);
  const { itinerary } = await tripgen.itineraries.getItinerary({ tripId: trip.id });
  assert.equal(itinerary?.days.length, 2);
});
