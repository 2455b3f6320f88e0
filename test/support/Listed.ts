import { Option } from "effect"
import { IntegrationId } from "../../src/domain/Ids.ts"
import { providers } from "../../src/domain/providers/Providers.ts"
import type { Listed } from "../../src/services/Directory.ts"

/** An integration as the directory knows it: without destinations, secrets or limits. */
export const listed: Listed = {
  id: IntegrationId.make("0192e4a0-0000-7000-8000-000000000001"),
  slug: "orders",
  status: "active",
  scheme: providers.github.scheme({}),
  overrides: { dedupe: Option.none(), type: Option.none() },
  verifyToken: Option.none(),
  retries: true,
  rateLimitPerMinute: Option.none(),
  response: Option.none(),
  destinations: [],
  secretsAt: () => [],
  idOf: Option.none
}
