import { fixed, type Provider } from "./Provider.ts"
import { schemeOf } from "./standardWebhooks.ts"

/** Sends through Svix. `data.email_id` names a mail, not the webhook. Source: Resend docs. */
export const resend: Provider = {
  title: "Resend",
  docs: "https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests",
  ...fixed(schemeOf("svix"))
}
