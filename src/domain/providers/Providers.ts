import { Schema } from "effect"
import { github } from "./github.ts"
import { hmac } from "./hmac.ts"
import type { Provider } from "./Provider.ts"
import { standardWebhooks } from "./standardWebhooks.ts"
import { stripe } from "./stripe.ts"
import { token } from "./token.ts"

export const ProviderId = Schema.Literal("stripe", "github", "standard-webhooks", "hmac", "token")
export type ProviderId = typeof ProviderId.Type

export const providers: Record<ProviderId, Provider> = {
  stripe,
  github,
  "standard-webhooks": standardWebhooks,
  hmac,
  token
}
