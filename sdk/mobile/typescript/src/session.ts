import { Code, ConnectError, type Client } from "@connectrpc/connect";

import type { AccountService } from "../gen/tripgen/user/v1/account_pb.js";

/** An access token with what renews it. */
export interface Tokens {
  accessToken: string;
  refreshToken?: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** Where tokens are kept between starts of the app: the platform's key store. */
export interface TokenStore {
  load(): Promise<Tokens | undefined>;
  save(tokens: Tokens | undefined): Promise<void>;
}

/** What a log-in needs. */
export interface LogInParams {
  loginId: string;
  password: string;
  /** The public first-party client that logs in. */
  clientId: string;
  /** One of that client's redirect URIs; it is bound to the code and not followed. */
  redirectUri: string;
  /** The device's name in the list of sessions. */
  deviceName?: string;
}

/** Tokens are renewed this long before they expire. */
const renewBeforeMs = 30_000;

/** A traveller's session on this device: logs in with PKCE (RFC 7636) and keeps the access token fresh. */
export class Session {
  private tokens: Tokens | undefined;
  private loaded = false;
  private renewal: Promise<Tokens> | undefined;

  constructor(
    private readonly baseUrl: string,
    private readonly fetch: typeof globalThis.fetch,
    private readonly store?: TokenStore,
    private clientId = "",
  ) {}

  /**
   * Proves the password, redeems the code and keeps the tokens.
   * Throws a ConnectError with reason CREDENTIALS_WRONG or ACCOUNT_LOCKED.
   */
  async logIn(account: Client<typeof AccountService>, params: LogInParams): Promise<void> {
    const verifier = base64Url(crypto.getRandomValues(new Uint8Array(32)));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const { authorizationCode } = await account.signIn({
      loginId: params.loginId,
      password: params.password,
      clientId: params.clientId,
      redirectUri: params.redirectUri,
      codeChallenge: base64Url(new Uint8Array(digest)),
      deviceName: params.deviceName ?? "",
    });
    this.clientId = params.clientId;
    await this.keep(
      await this.requestTokens({
        grant_type: "authorization_code",
        code: authorizationCode,
        redirect_uri: params.redirectUri,
        code_verifier: verifier,
        client_id: params.clientId,
      }),
    );
  }

  /** Forgets the tokens on this device. */
  async forget(): Promise<void> {
    await this.keep(undefined);
  }

  /** A fresh access token; undefined if nobody is logged in. Parallel callers share one renewal. */
  async accessToken(): Promise<string | undefined> {
    if (!this.loaded) {
      this.tokens = await this.store?.load();
      this.loaded = true;
    }
    if (this.tokens === undefined || Date.now() < this.tokens.expiresAt - renewBeforeMs) {
      return this.tokens?.accessToken;
    }
    const refreshToken = this.tokens.refreshToken;
    if (refreshToken === undefined) {
      throw new ConnectError("the session has expired", Code.Unauthenticated);
    }
    this.renewal ??= this.renew(refreshToken).finally(() => (this.renewal = undefined));
    return (await this.renewal).accessToken;
  }

  private async renew(refreshToken: string): Promise<Tokens> {
    const tokens = await this.requestTokens({
      grant_type: "refresh_token",
      refresh_token: refreshToken,
      client_id: this.clientId,
    });
    await this.keep(tokens);
    return tokens;
  }

  private async keep(tokens: Tokens | undefined): Promise<void> {
    this.tokens = tokens;
    this.loaded = true;
    await this.store?.save(tokens);
  }

  private async requestTokens(form: Record<string, string>): Promise<Tokens> {
    const response = await this.fetch(`${this.baseUrl}/oauth2/token`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form).toString(),
    });
    const body = (await response.json()) as {
      access_token?: string;
      refresh_token?: string;
      expires_in?: number;
      error?: string;
    };
    if (!response.ok || body.access_token === undefined) {
      throw new ConnectError(`token endpoint: ${body.error ?? response.status}`, Code.Unauthenticated);
    }
    const tokens: Tokens = {
      accessToken: body.access_token,
      expiresAt: Date.now() + (body.expires_in ?? 0) * 1000,
    };
    if (body.refresh_token !== undefined) {
      tokens.refreshToken = body.refresh_token;
    }
    return tokens;
  }
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
