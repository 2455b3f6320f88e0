import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import { fixed, type Provider } from "./Provider.ts"

/** A static value in `Authorization`: it proves the sender, not the body. Source: an open implementation. */
export const okta: Provider = {
  title: "Okta",
  docs: "https://developer.okta.com/docs/concepts/event-hooks/",
  ...fixed({
    signature: { _tag: "Token", headers: ["authorization"] },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [[{ json: JsonPath.make("$.eventId") }]],
    type: [[{ json: JsonPath.make("$.eventType") }]]
  })
}
