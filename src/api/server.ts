// Before all others.
// oxlint-disable-next-line import/no-unassigned-import
import "../layers/Heap.ts"
import * as Api from "../layers/Api.ts"
import * as Main from "../layers/Main.ts"

Main.launch(Api.layer)
