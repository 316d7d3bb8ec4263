// What the lab page can do beside editing, running and submitting: each is installed once, with the page itself.
import { actingBlocks } from "./blocks.js";
import { labSteps } from "./steps.js";
import { webPages } from "./web.js";

/** Functions of the page (LabPage): they add panels, tools and reactions to its events. */
export const FEATURES = [actingBlocks, labSteps, webPages];
