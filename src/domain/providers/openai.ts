import { fixed, type Provider } from "./Provider.ts"
import { schemeOf } from "./standardWebhooks.ts"

/** Standard Webhooks as they are specified. Source: OpenAI docs. */
export const openai: Provider = {
  title: "OpenAI",
  docs: "https://platform.openai.com/docs/guides/webhooks",
  ...fixed(schemeOf("webhook"))
}
