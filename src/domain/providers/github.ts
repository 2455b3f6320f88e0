import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `X-Hub-Signature-256: sha256=<hex>`; the event's action follows its type: `issues.opened`. Source: GitHub docs. */
export const github: Provider = {
  title: "GitHub",
  docs: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-hub-signature-256"],
      form: { _tag: "Plain", prefix: "sha256=", prefixOptional: false },
      hash: "sha256",
      encoding: "hex",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [[{ header: "x-github-delivery" }]],
    type: [[{ header: "x-github-event" }, { json: JsonPath.make("$.action") }], [{ header: "x-github-event" }]]
  })
}
