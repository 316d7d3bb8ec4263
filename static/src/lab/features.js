// What the lab page can do beside editing, running and submitting: each is installed once, with the page itself.
import { actingBlocks } from "./blocks.js";
import { fileTree } from "./filetree.js";
import { help } from "./help.js";
import { life } from "./life.js";
import { services } from "./services.js";
import { labSteps } from "./steps.js";
import { terminals } from "./terminals.js";
import { watch } from "./watch.js";
import { webPages } from "./web.js";

/** Functions of the page (LabPage): they add panels, tools and reactions to its events. */
export const FEATURES = [fileTree, terminals, actingBlocks, labSteps, webPages, services, help, life];

/** Those of an instructor's page that looks on at a student's lab: none may change anything while `page.locked`. */
export const VISITING = [terminals, watch];
