//! The routes of all pages.

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{
    accounts::{
        AccountPage, DeleteAccountPage, InvitationPage, LoginPage, ResetPage, SetupPage, SignUpPage,
    },
    composer::ComposePage,
    desk::{
        DeskAccountsPage, DeskEntryPage, DeskPage, DeskRoomsPage, DeskSitePage, EntryEditPage,
        UpdateEditPage,
    },
    entry::{EntryPage, UpdatePage},
    front::{FrontPage, LiveNowPage},
    layout::NotFound,
    likes::LikePage,
    moderation::{
        HeldMessagePage, ModeratedMessagePage, ModerationLogPage, ModerationPage,
        ModerationRulesPage, ReportPage,
    },
    rooms::RoomPage,
};

/// All pages and their routes. A page is rendered completely before it is sent, so that it works
/// without JavaScript.
#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=FrontPage ssr=SsrMode::Async />
                <Route path=path!("/live") view=LiveNowPage ssr=SsrMode::Async />
                <Route path=path!("/entries/:slug") view=EntryPage ssr=SsrMode::Async />
                <Route
                    path=path!("/entries/:slug/updates/:id")
                    view=UpdatePage
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/entries/:slug/updates/:id/like")
                    view=LikePage
                    ssr=SsrMode::Async
                />
                <Route path=path!("/entries/:slug/compose") view=ComposePage ssr=SsrMode::Async />
                <Route path=path!("/rooms/:room") view=RoomPage ssr=SsrMode::Async />
                <Route path=path!("/messages/:id/report") view=ReportPage ssr=SsrMode::Async />
                <Route path=path!("/login") view=LoginPage ssr=SsrMode::Async />
                <Route path=path!("/setup") view=SetupPage ssr=SsrMode::Async />
                <Route path=path!("/sign-up") view=SignUpPage ssr=SsrMode::Async />
                <Route path=path!("/invite/:token") view=InvitationPage ssr=SsrMode::Async />
                <Route path=path!("/reset/:token") view=ResetPage ssr=SsrMode::Async />
                <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async />
                <Route path=path!("/account/delete") view=DeleteAccountPage ssr=SsrMode::Async />
                <Route path=path!("/desk") view=DeskPage ssr=SsrMode::Async />
                <Route path=path!("/desk/rooms") view=DeskRoomsPage ssr=SsrMode::Async />
                <Route path=path!("/desk/accounts") view=DeskAccountsPage ssr=SsrMode::Async />
                <Route path=path!("/desk/site") view=DeskSitePage ssr=SsrMode::Async />
                <Route path=path!("/desk/moderation") view=ModerationPage ssr=SsrMode::Async />
                <Route
                    path=path!("/desk/moderation/rules")
                    view=ModerationRulesPage
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/desk/moderation/log")
                    view=ModerationLogPage
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/desk/moderation/held/:id")
                    view=HeldMessagePage
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/desk/moderation/messages/:id")
                    view=ModeratedMessagePage
                    ssr=SsrMode::Async
                />
                <Route path=path!("/desk/entries/:slug") view=DeskEntryPage ssr=SsrMode::Async />
                <Route
                    path=path!("/desk/entries/:slug/edit")
                    view=EntryEditPage
                    ssr=SsrMode::Async
                />
                <Route path=path!("/desk/updates/:id") view=UpdateEditPage ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}
