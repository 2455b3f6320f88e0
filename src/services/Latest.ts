import { Effect, type Option } from "effect"
import { Conflict } from "../domain/Errors.ts"
import type { IntegrationId } from "../domain/Ids.ts"
import type { Directory, Listed } from "./Directory.ts"
import type { StoreError } from "./store/Store.ts"

/** An integration as it is at this moment, whichever process has just changed it. */
export const latest = (
  directory: typeof Directory.Service,
  id: IntegrationId
): Effect.Effect<Option.Option<Listed>, Conflict | StoreError> =>
  Effect.zipRight(directory.refresh, directory.find(id)).pipe(
    Effect.catchTags({
      UnknownScheme: ({ message }) => new Conflict({ message }),
      VaultError: ({ message }) => new Conflict({ message })
    })
  )
