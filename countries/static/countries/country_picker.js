'use strict';
// Lets people find a country by typing a part of its name. The list itself is in the page, so nothing is requested.
{
    const $ = django.jQuery;
    $(() => {
        for (const list of document.querySelectorAll('select.country-picker')) {
            $(list).select2({ theme: 'admin-autocomplete', width: 'element' });
            // Screen readers get the label of the field and its help for the field in which one types.
            const search = list.parentElement.querySelector('.select2-search__field');
            search.setAttribute('aria-label', list.labels[0].innerText.replace(/:$/, ''));
        }
    });
}
