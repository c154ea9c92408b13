/** What the jobs of Prism, Polydev and Hermes have in common: ids made of foreign text, shares of a core, images, stand-ins. */
export { DATABASE_SECRET } from "./database-secret";
export { IMAGE_TAG, imagesOf } from "./images";
export { safeId, safeMeta } from "./safe-id";
export { coreShare } from "./share";
export { standInCommand } from "./stand-in";
export { STAND_IN } from "./stand-in-mark";
