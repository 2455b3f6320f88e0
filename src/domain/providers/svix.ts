import { fixed, type Provider } from "./Provider.ts"
import { schemeOf } from "./standardWebhooks.ts"

/** Standard Webhooks under the names that Svix sends. Source: the Svix libraries. */
export const svix: Provider = {
  title: "Svix",
  docs: "https://docs.svix.com/receiving/verifying-payloads/how-manual",
  ...fixed(schemeOf("svix"))
}
