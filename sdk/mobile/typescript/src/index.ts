/**
 * TripGen's client for mobile and web apps.
 *
 * ```ts
 * const tripgen = createTripGen({ baseUrl: "https://api.tripgen.example" });
 * await tripgen.logIn({ loginId, password, clientId: "tripgen-mobile", redirectUri: "com.tripgen.app:/callback" });
 * const { trip } = await tripgen.trips.createTrip({ … });
 * const { generation } = await tripgen.itineraries.generateItinerary({ tripId: trip.id, revision: trip.revision });
 * for await (const event of watchGeneration(tripgen.generations, generation.id)) { … }
 * ```
 */
export { createTripGen, type TripGen, type TripGenOptions } from "./client.js";
export { Session, type LogInParams, type Tokens, type TokenStore } from "./session.js";
export { watchGeneration, type WatchedEvent, type WatchOptions } from "./generation.js";
