import { fixed, type Provider } from "./Provider.ts"
import { schemeOf } from "./standardWebhooks.ts"

/** Sends through Svix. Source: Clerk docs. */
export const clerk: Provider = {
  title: "Clerk",
  docs: "https://clerk.com/docs/webhooks/sync-data",
  ...fixed(schemeOf("svix"))
}
