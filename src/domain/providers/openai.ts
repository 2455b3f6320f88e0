import { fixed } from "./Provider.ts"
import { schemeOf } from "./standardWebhooks.ts"

/** Standard Webhooks as they are specified. */
export const openai = fixed({
  title: "OpenAI",
  docs: "https://platform.openai.com/docs/guides/webhooks",
  certainty: "A",
  source: "OpenAI docs"
}, schemeOf("webhook"))
