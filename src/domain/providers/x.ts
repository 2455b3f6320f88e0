import { Option } from "effect"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `x-twitter-webhooks-signature: sha256=<base64>` by the consumer secret. Source: an open implementation. */
export const x: Provider = {
  title: "X",
  docs: "https://docs.x.com/x-api/webhooks/introduction",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-twitter-webhooks-signature"],
      form: { _tag: "Plain", prefix: "sha256=", prefixOptional: false },
      hash: "sha256",
      encoding: "base64",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [],
    type: []
  })
}
