export const page = "devpocket";
