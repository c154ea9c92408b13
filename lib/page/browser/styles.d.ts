/** A style is bundled with the page, and nothing is read of it. */
declare module "*.css";
