import { fixed } from "./Provider.ts"
import { schemeOf } from "./standardWebhooks.ts"

/** Sends through Svix. */
export const clerk = fixed({
  title: "Clerk",
  docs: "https://clerk.com/docs/webhooks/sync-data",
  certainty: "A",
  source: "Clerk docs"
}, schemeOf("svix"))
