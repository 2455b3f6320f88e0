import { fixed } from "./Provider.ts"
import { schemeOf } from "./standardWebhooks.ts"

/** Standard Webhooks under the names that Svix sends. */
export const svix = fixed({
  title: "Svix",
  docs: "https://docs.svix.com/receiving/verifying-payloads/how-manual",
  certainty: "A",
  source: "the Svix libraries"
}, schemeOf("svix"))
