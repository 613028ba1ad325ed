import { createClient, type Client, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

import { GenerationService } from "../gen/tripgen/ai/v1/generation_pb.js";
import { PlaceService, WeatherService } from "../gen/tripgen/location/v1/location_pb.js";
import { ItineraryService } from "../gen/tripgen/trip/v1/itinerary_pb.js";
import { TripService } from "../gen/tripgen/trip/v1/trip_pb.js";
import { AccountService } from "../gen/tripgen/user/v1/account_pb.js";
import { Session, type LogInParams, type TokenStore } from "./session.js";

/** How a client is made. */
export interface TripGenOptions {
  /** The gateway's address, without a slash at the end. */
  baseUrl: string;
  /** Language of messages: "ko" (default) or "en". */
  language?: "ko" | "en";
  /** Where tokens are kept; without it they last as long as the app runs. */
  tokenStore?: TokenStore;
  /** The public client that tokens from the store belong to. */
  clientId?: string;
  /**
   * The fetch to use. React Native needs one with a streaming body (`expo/fetch`); without one, watching falls back
   * to polling.
   */
  fetch?: typeof globalThis.fetch;
}

/** TripGen's services for a traveller. */
export interface TripGen {
  account: Client<typeof AccountService>;
  trips: Client<typeof TripService>;
  itineraries: Client<typeof ItineraryService>;
  generations: Client<typeof GenerationService>;
  places: Client<typeof PlaceService>;
  weather: Client<typeof WeatherService>;
  session: Session;
  /** Logs a traveller in; every later call acts for them. */
  logIn(params: LogInParams): Promise<void>;
  /** Logs this device out, at the server and here. */
  logOut(): Promise<void>;
}

/** Makes a client of one gateway. */
export function createTripGen(options: TripGenOptions): TripGen {
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  const session = new Session(options.baseUrl, fetch, options.tokenStore, options.clientId);
  const transport = createConnectTransport({
    baseUrl: options.baseUrl,
    fetch,
    interceptors: [withHeaders(session, options.language ?? "ko")],
  });
  const account = createClient(AccountService, transport);
  return {
    account,
    trips: createClient(TripService, transport),
    itineraries: createClient(ItineraryService, transport),
    generations: createClient(GenerationService, transport),
    places: createClient(PlaceService, transport),
    weather: createClient(WeatherService, transport),
    session,
    logIn: (params) => session.logIn(account, params),
    logOut: async () => {
      await account.logOut({});
      await session.forget();
    },
  };
}

/** RPCs that need no token; asking for one could fail for reasons that are none of theirs. */
const anonymous = new Set(["SignUp", "SignIn", "CheckAvailability", "VerifyEmail", "GetSharedItinerary"]);

function withHeaders(session: Session, language: string): Interceptor {
  return (next) => async (request) => {
    request.header.set("Accept-Language", language);
    if (request.method.idempotency !== 1 /* NO_SIDE_EFFECTS */ && !request.header.has("Idempotency-Key")) {
      request.header.set("Idempotency-Key", crypto.randomUUID());
    }
    if (!anonymous.has(request.method.name)) {
      const token = await session.accessToken();
      if (token !== undefined) {
        request.header.set("Authorization", `Bearer ${token}`);
      }
    }
    return next(request);
  };
}
