import { Schema } from "effect"
import * as Scheme from "../verification/Scheme.ts"
import { adyen } from "./adyen.ts"
import { adyenPlatform } from "./adyenPlatform.ts"
import { basic } from "./basic.ts"
import { bitbucket } from "./bitbucket.ts"
import { calendly } from "./calendly.ts"
import { clerk } from "./clerk.ts"
import { discord } from "./discord.ts"
import { gitea } from "./gitea.ts"
import { github } from "./github.ts"
import { gitlab } from "./gitlab.ts"
import { hmac } from "./hmac.ts"
import { hubspot } from "./hubspot.ts"
import { intercom } from "./intercom.ts"
import { lemonsqueezy } from "./lemonsqueezy.ts"
import { linear } from "./linear.ts"
import { mailgun } from "./mailgun.ts"
import { meta } from "./meta.ts"
import { microsoftGraph } from "./microsoftGraph.ts"
import { none } from "./none.ts"
import { okta } from "./okta.ts"
import { openai } from "./openai.ts"
import { paddle } from "./paddle.ts"
import { paypal } from "./paypal.ts"
import { postmark } from "./postmark.ts"
import { Options, type Provider } from "./Provider.ts"
import { resend } from "./resend.ts"
import { sendgrid } from "./sendgrid.ts"
import { shopify } from "./shopify.ts"
import { slack } from "./slack.ts"
import { sns } from "./sns.ts"
import { square } from "./square.ts"
import { standardWebhooks } from "./standardWebhooks.ts"
import { stripe } from "./stripe.ts"
import { svix } from "./svix.ts"
import { token } from "./token.ts"
import { twilio } from "./twilio.ts"
import { typeform } from "./typeform.ts"
import { woocommerce } from "./woocommerce.ts"
import { x } from "./x.ts"
import { zendesk } from "./zendesk.ts"
import { zoom } from "./zoom.ts"

/** Providers whose scheme comes with the gateway, or follows from a few options. */
export const PresetId = Schema.Literal(
  "stripe",
  "github",
  "gitlab",
  "shopify",
  "slack",
  "twilio",
  "sendgrid",
  "mailgun",
  "paddle",
  "square",
  "paypal",
  "zendesk",
  "intercom",
  "linear",
  "discord",
  "meta",
  "hubspot",
  "zoom",
  "standard-webhooks",
  "svix",
  "clerk",
  "resend",
  "openai",
  "adyen",
  "adyen-platform",
  "bitbucket",
  "typeform",
  "calendly",
  "x",
  "okta",
  "lemonsqueezy",
  "woocommerce",
  "gitea",
  "postmark",
  "microsoft-graph",
  "sns",
  "hmac",
  "token",
  "basic",
  "none"
)
export type PresetId = typeof PresetId.Type

/** All providers; `custom` has a scheme of the user's own. */
export const ProviderId = Schema.Literal(...PresetId.literals, "custom")
export type ProviderId = typeof ProviderId.Type

export const providers: Record<PresetId, Provider> = {
  stripe,
  github,
  gitlab,
  shopify,
  slack,
  twilio,
  sendgrid,
  mailgun,
  paddle,
  square,
  paypal,
  zendesk,
  intercom,
  linear,
  discord,
  meta,
  hubspot,
  zoom,
  "standard-webhooks": standardWebhooks,
  svix,
  clerk,
  resend,
  openai,
  adyen,
  "adyen-platform": adyenPlatform,
  bitbucket,
  typeform,
  calendly,
  x,
  okta,
  lemonsqueezy,
  woocommerce,
  gitea,
  postmark,
  "microsoft-graph": microsoftGraph,
  sns,
  hmac,
  token,
  basic,
  none
}

/** What an integration chose. `scheme` is of the provider `custom` alone. */
export const Choice = Schema.Struct({ provider: ProviderId, options: Options, scheme: Schema.NullOr(Scheme.Scheme) })
export type Choice = typeof Choice.Type

const decode = Schema.decodeUnknown(Choice, { onExcessProperty: "error" })

/**
 * Reads a choice that is kept. What this revision does not know in it may be a demand, without which it would believe too
 * much.
 */
export const decodeChoice = ({ options, provider, scheme }: Record<keyof Choice, unknown>) =>
  decode({ options, provider, scheme })

/** How the integration's webhooks are signed and named. */
export const schemeOf = ({ options, provider, scheme }: Choice): Scheme.Scheme =>
  provider === "custom" ? scheme ?? believesNobody : providers[provider].scheme(options)

/** Whether a webhook that is not accepted comes again; where nothing else is known, it does. */
export const retries = (provider: ProviderId): boolean =>
  provider === "custom" || providers[provider].manners?.retries !== false

// Storage keeps no such integration.
const believesNobody = Scheme.make({ proofs: [{ kind: "token", at: [{ part: "nowhere" }] }] })
