import { Schema } from "effect"
import { adyenPlatform } from "./adyenPlatform.ts"
import { bitbucket } from "./bitbucket.ts"
import { calendly } from "./calendly.ts"
import { clerk } from "./clerk.ts"
import { gitea } from "./gitea.ts"
import { github } from "./github.ts"
import { hmac } from "./hmac.ts"
import { intercom } from "./intercom.ts"
import { lemonsqueezy } from "./lemonsqueezy.ts"
import { linear } from "./linear.ts"
import { meta } from "./meta.ts"
import { okta } from "./okta.ts"
import { openai } from "./openai.ts"
import { paddle } from "./paddle.ts"
import type { Provider } from "./Provider.ts"
import { resend } from "./resend.ts"
import { shopify } from "./shopify.ts"
import { slack } from "./slack.ts"
import { square } from "./square.ts"
import { standardWebhooks } from "./standardWebhooks.ts"
import { stripe } from "./stripe.ts"
import { svix } from "./svix.ts"
import { token } from "./token.ts"
import { typeform } from "./typeform.ts"
import { woocommerce } from "./woocommerce.ts"
import { x } from "./x.ts"
import { zendesk } from "./zendesk.ts"
import { zoom } from "./zoom.ts"

export const ProviderId = Schema.Literal(
  "stripe",
  "github",
  "shopify",
  "slack",
  "paddle",
  "square",
  "zendesk",
  "intercom",
  "linear",
  "meta",
  "zoom",
  "standard-webhooks",
  "svix",
  "clerk",
  "resend",
  "openai",
  "adyen-platform",
  "bitbucket",
  "typeform",
  "calendly",
  "x",
  "okta",
  "lemonsqueezy",
  "woocommerce",
  "gitea",
  "hmac",
  "token"
)
export type ProviderId = typeof ProviderId.Type

export const providers: Record<ProviderId, Provider> = {
  stripe,
  github,
  shopify,
  slack,
  paddle,
  square,
  zendesk,
  intercom,
  linear,
  meta,
  zoom,
  "standard-webhooks": standardWebhooks,
  svix,
  clerk,
  resend,
  openai,
  "adyen-platform": adyenPlatform,
  bitbucket,
  typeform,
  calendly,
  x,
  okta,
  lemonsqueezy,
  woocommerce,
  gitea,
  hmac,
  token
}
