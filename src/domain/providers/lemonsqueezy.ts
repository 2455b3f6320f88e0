import { Option } from "effect"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `X-Signature: <hex>`. Source: third parties. */
export const lemonsqueezy: Provider = {
  title: "Lemon Squeezy",
  docs: "https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-signature"],
      form: { _tag: "Plain", prefix: "", prefixOptional: false },
      hash: "sha256",
      encoding: "hex",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [],
    type: [[{ header: "x-event-name" }]]
  })
}
