/**
 * A page that shows what a gateway does, with all that it needs in it.
 * @module
 */
export { withDashboard } from "./dashboard.js";
