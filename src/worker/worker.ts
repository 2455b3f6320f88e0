// Before all others.
// oxlint-disable-next-line import/no-unassigned-import
import "../layers/Heap.ts"
import * as Main from "../layers/Main.ts"
import * as Worker from "../layers/Worker.ts"

Main.launch(Worker.layer)
