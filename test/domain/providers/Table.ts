import type { PresetId } from "../../../src/domain/providers/Providers.ts"
import type { Reason } from "../../../src/domain/verification/Refusal.ts"
import type { Place, Signed, Webhook } from "../../../src/simulate/senders/Sender.ts"
import { senders } from "../../../src/simulate/senders/Senders.ts"
import { hook, now } from "../verification/Requests.ts"
import { paypal, snsMessage } from "./CertificateSenders.ts"

/** Texts of a body, and what each is changed into. */
type Changes = ReadonlyArray<readonly [string, string]>

/** What the gateway is to make of a provider's webhooks. */
interface Expected {
  /** The dedupe key of the webhook with an id; where there is none, it is the body's hash. */
  readonly key?: (id: string) => string
  readonly type: string | null
  /** How many seconds old, and how many ahead, a webhook may be; none where nothing signed tells the time. */
  readonly tolerance?: readonly [old: number, ahead: number]
  /** What is proven: the body, the sender alone, or these texts of the body and not those. */
  readonly proves: "body" | "sender" | { readonly texts: Changes; readonly notTexts: Changes }
  /** What is said of a changed body, where that is not that the signature does not fit. */
  readonly changed?: Reason
}

/** A provider as it sends, and what is expected of the gateway. */
export interface Row extends Expected {
  readonly name: string
  readonly provider: PresetId
  readonly secret: string
  readonly otherSecret: string
  readonly proof: Place
  readonly signed: (changes?: Partial<Webhook>) => Signed
}

const ownId = (id: string): string => id
const minutes = (minutes: number) => [minutes * 60, minutes * 60] as const
const standard: Expected = { key: ownId, type: "user.created", tolerance: minutes(5), proves: "body" }

/** By the provider's id, with the variant behind it where it has one. */
export const expected: Readonly<Record<string, Expected>> = {
  stripe: { key: ownId, type: "invoice.paid", tolerance: minutes(5), proves: "body" },
  shopify: { key: ownId, type: "orders/create", proves: "body" },
  paddle: { key: ownId, type: "transaction.paid", tolerance: minutes(5), proves: "body" },
  square: { key: ownId, type: "payment.updated", proves: "body" },
  adyen: {
    key: (id) => `${id}:AUTHORISATION:true`,
    type: "AUTHORISATION",
    proves: {
      texts: [
        ["wh_1", "wh_2"],
        ["1000", "1001"],
        ["EUR", "USD"],
        ["order 1", "order 2"],
        ["SluiceECOM", "OtherECOM"],
        ["AUTHORISATION", "REFUND"],
        ["\"true\"", "\"false\""],
        ["\"success\":", "\"originalReference\":\"1\",\"success\":"]
      ],
      notTexts: [["033899", "033898"]]
    }
  },
  "adyen-platform": { type: "balancePlatform.transfer.created", proves: "body" },
  lemonsqueezy: { type: "order_created", proves: "body" },
  woocommerce: { type: "order.created", proves: "body" },
  slack: { key: ownId, type: "message", tolerance: minutes(5), proves: "body" },
  discord: { type: "APPLICATION_AUTHORIZED", proves: "body" },
  zendesk: { key: ownId, type: "zen:event-type:ticket.created", tolerance: minutes(5), proves: "body" },
  intercom: { key: ownId, type: "user.created", proves: "body" },
  meta: { type: "whatsapp_business_account.messages", proves: "body" },
  hubspot: {
    key: (id) => `7:${id}:123:1564113600000:contact.creation`,
    type: "contact.creation",
    tolerance: minutes(5),
    proves: "body"
  },
  zoom: { type: "meeting.started", tolerance: minutes(5), proves: "body" },
  x: { type: null, proves: "body" },
  twilio: { key: ownId, type: "delivered", proves: "body" },
  "twilio json": { key: ownId, type: null, proves: "body", changed: "body_hash_mismatch" },
  sendgrid: { key: ownId, type: "delivered", proves: "body" },
  postmark: { type: "Delivery", proves: "sender" },
  mailgun: {
    key: ownId,
    type: "delivered",
    tolerance: minutes(15),
    proves: { texts: [["wh_1", "wh_2"], ["1790000000", "1790000001"]], notTexts: [["delivered", "failed"]] }
  },
  "mailgun form": {
    key: ownId,
    type: "delivered",
    tolerance: minutes(15),
    proves: { texts: [["wh_1", "wh_2"], ["1790000000", "1790000001"]], notTexts: [["delivered", "failed"]] }
  },
  github: { key: ownId, type: "issues.opened", proves: "body" },
  gitlab: { key: ownId, type: "Push Hook", tolerance: minutes(5), proves: "body" },
  "gitlab token": { key: ownId, type: "Push Hook", proves: "sender" },
  linear: { key: ownId, type: "Issue.update", tolerance: minutes(1), proves: "body" },
  bitbucket: { key: ownId, type: "repo:push", proves: "body" },
  gitea: { key: ownId, type: "push", proves: "body" },
  typeform: { key: ownId, type: "form_response", proves: "body" },
  calendly: { type: "invitee.created", tolerance: minutes(5), proves: "body" },
  okta: { key: ownId, type: "com.okta.event_hook", proves: "sender" },
  "microsoft-graph": { key: ownId, type: "created", proves: { texts: [], notTexts: [["created", "deleted"]] } },
  "standard-webhooks": standard,
  "standard-webhooks v1a": standard,
  svix: standard,
  clerk: standard,
  resend: standard,
  openai: standard,
  hmac: { type: null, proves: "body" },
  token: { type: null, proves: "sender" },
  basic: { type: null, proves: "sender" }
}

const webhook: Webhook = { id: "wh_1", type: "", at: now, url: hook }

const simulated = senders.flatMap(({ keys, proof, provider, sign, type, variant }): ReadonlyArray<Row> => {
  const name = variant === undefined ? provider : `${provider} ${variant}`
  const row = expected[name]
  return row === undefined ? [] : [{
    ...row,
    name,
    provider,
    secret: keys.secretOf(keys.own),
    otherSecret: keys.secretOf(keys.other),
    proof,
    signed: (changes) => sign(keys.own, { ...webhook, type, ...changes })
  }]
})

const paypalRow: Row = {
  name: "paypal",
  provider: "paypal",
  secret: "8PT597110X687430LKGECATA",
  otherSecret: "0EH40505U7160970P",
  proof: { header: "paypal-transmission-sig" },
  signed: (changes) => paypal(paypalRow.secret, { ...webhook, type: "PAYMENT.SALE.COMPLETED", ...changes }),
  key: ownId,
  type: "PAYMENT.SALE.COMPLETED",
  proves: "body"
}

const sns = (version: 1 | 2): Row => ({
  name: `sns version ${version}`,
  provider: "sns",
  secret: "arn:aws:sns:eu-central-1:123456789012:orders",
  otherSecret: "arn:aws:sns:eu-central-1:123456789012:others",
  proof: { json: ["Signature"] },
  signed: (changes) =>
    snsMessage(
      "arn:aws:sns:eu-central-1:123456789012:orders",
      { ...webhook, type: "Notification", ...changes },
      version
    ),
  key: ownId,
  type: "Notification",
  proves: {
    texts: [["wh_1", "wh_2"], ["lines", "signs"], ["12:orders", "12:others"], ["\"Notification\"", "\"Other\""]],
    notTexts: [["Action=Unsubscribe", "Action=Other"]]
  }
})

/** Every provider and variant but the one that proves nothing. */
export const table: ReadonlyArray<Row> = [...simulated, paypalRow, sns(1), sns(2)]
