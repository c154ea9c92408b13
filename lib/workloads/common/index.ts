/** What workloads share. */
export { IMAGE_TAG, imagesOf } from "./images";
export { safeId, safeMeta } from "./safe-id";
export { coreShare } from "./share";
export { standInCommand } from "./stand-in";
export { STAND_IN } from "./stand-in-mark";
