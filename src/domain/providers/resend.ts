import { fixed } from "./Provider.ts"
import { schemeOf } from "./standardWebhooks.ts"

/** Sends through Svix. `data.email_id` names a mail, not the webhook. */
export const resend = fixed({
  title: "Resend",
  docs: "https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests",
  certainty: "A",
  source: "Resend docs"
}, schemeOf("svix"))
