import { Option } from "effect"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `X-Gitea-Signature: <hex>`, or GitHub's header with its prefix. Source: third parties. */
export const gitea: Provider = {
  title: "Gitea and Forgejo",
  docs: "https://docs.gitea.com/usage/webhooks",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-gitea-signature", "x-forgejo-signature", "x-hub-signature-256"],
      form: { _tag: "Plain", prefix: "sha256=", prefixOptional: true },
      hash: "sha256",
      encoding: "hex",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [[{ header: "x-gitea-delivery" }], [{ header: "x-forgejo-delivery" }]],
    type: [[{ header: "x-gitea-event" }], [{ header: "x-forgejo-event" }]]
  })
}
